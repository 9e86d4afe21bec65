"""Cold start: what each function costs before its first call of AWS, beside a plain boto3 one."""
