"""Hosting of web pages: accepted only. On this machine a server of their own serves them."""

from collections.abc import Mapping

from .recipe import Accepted

SERVED_ELSEWHERE = "pages are served by a server of their own on this machine"
CLOUDFRONT = "arn:aws:cloudfront::{account}:"
BUCKET = {
    "arn": "arn:aws:s3:::{name}",
    "bucket": "{name}",
    "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com",
}

RECIPES: Mapping[str, Accepted] = {
    f"aws:{type_}": Accepted(because=SERVED_ELSEWHERE, outputs=outputs)
    for type_, outputs in {
        "cloudfront/distribution:Distribution": {
            "arn": CLOUDFRONT + "distribution/{name}",
            "domainName": "{name}.cloudfront.net",
        },
        "cloudfront/function:Function": {"arn": CLOUDFRONT + "function/{name}"},
        "cloudfront/originAccessControl:OriginAccessControl": {},
        "cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": {},
        "s3/bucket:Bucket": BUCKET,
        "s3/bucketObjectv2:BucketObjectv2": {},
        "s3/bucketPolicy:BucketPolicy": {},
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {},
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {},
    }.items()
}
