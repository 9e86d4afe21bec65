"""The dashboard's hosting: a private bucket, and CloudFront, which alone may read it.

Nothing is ever invalidated: each file is revalidated by its ETag, so that browsers fetch changed
files alone. docs/adr/0010 has the cost.
"""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from ..resources import policies
from ..resources.addresses import check_certificate, check_host, check_origins
from ..resources.arguments import InvalidArgument, check
from ..resources.names import BUCKET_NAME, CLOUDFRONT_NAME, check_name
from . import files
from .files import Config, Hosting

with warnings.catch_warnings():
    # pulumi_aws warns of deprecated kinds of bucket when S3 is first used, whichever kind it is.
    warnings.simplefilter("ignore", DeprecationWarning)
    _ = aws.s3.Bucket

# Managed-CachingOptimized: keeps what the origin lets it keep, a second at least, and compresses.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHE_POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ORIGIN = "bucket"
# North America and Europe: elsewhere the pages come from further away, at a third of the price.
PRICE_CLASS = "PriceClass_100"


@dataclass(frozen=True, kw_only=True, slots=True)
class DashboardArgs:
    endpoint: pulumi.Input[str]
    """`RealtimeApi.endpoint`. Its `allowed_origins` must hold this page's origin or be empty."""

    api_url: pulumi.Input[str]
    """`Shortener.api_url`. Its `allowed_origins` must hold this dashboard's origin."""

    user_pool_client_id: pulumi.Input[str]
    """`Shortener.user_pool_client_id`."""

    region: pulumi.Input[str]
    """Region of the user pool."""

    domain_name: str | None = None
    """Name of its own, `dashboard.example.com`; by default one that CloudFront makes up. The DNS
    record that points it at `distribution_domain_name` is the caller's."""

    certificate_arn: pulumi.Input[str] | None = None
    """Certificate for `domain_name`, in us-east-1: CloudFront takes no other."""

    watch_frame_ancestors: Sequence[str] | None = None
    """Origins whose pages may embed the public pages; by default all. The rest of the dashboard
    can never be embedded."""

    files_path: str | None = None
    """Folder of the pages; by default those of this package."""

    def __post_init__(self) -> None:
        check(self)
        if (self.domain_name is None) != (self.certificate_arn is None):
            raise InvalidArgument(
                f"domain_name and certificate_arn must be given together, got {self.domain_name!r}"
                f" and {'a' if self.certificate_arn is not None else 'no'} certificate: CloudFront"
                " answers for a name only with a certificate of it."
            )
        check_host("domain_name", self.domain_name)
        check_certificate("certificate_arn", self.certificate_arn)
        check_origins("watch_frame_ancestors", self.watch_frame_ancestors)


class Dashboard(pulumi.ComponentResource):
    """The web page on which people make links and watch their clicks."""

    url: pulumi.Output[str]
    """Address of the dashboard, which is its origin: `https://` and a name."""
    distribution_domain_name: pulumi.Output[str]
    """CloudFront's own name, which a DNS record of `domain_name` points to."""
    bucket_name: pulumi.Output[str]
    """Bucket with the files."""

    def __init__(
        self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_name("Dashboard", name, {"-rewriting": CLOUDFRONT_NAME, "-bucket": BUCKET_NAME})
        super().__init__("realtime:index:Dashboard", name, None, opts)
        folder = Path(args.files_path) if args.files_path else files.FOLDER
        hosting = files.hosting(folder)
        config = _config(args)
        bucket = self._bucket(name)
        self._files(name, folder, hosting, bucket, config)
        distribution = self._distribution(
            name, args, hosting, bucket, self._header_policies(name, args, hosting, config)
        )
        reading = policies.allow(
            ["s3:GetObject"],
            [pulumi.Output.concat(bucket.arn, "/*")],
            service="cloudfront.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceArn": distribution.arn}},
        )
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=policies.document(reading),
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.distribution_domain_name = distribution.domain_name
        self.url = pulumi.Output.concat("https://", args.domain_name or distribution.domain_name)
        self.bucket_name = bucket.bucket
        self.register_outputs({key: getattr(self, key) for key in Dashboard.__annotations__})

    def _bucket(self, name: str) -> aws.s3.Bucket:
        """Without versions: each file comes from the repository, which has them all."""
        bucket = aws.s3.Bucket(f"{name}-bucket", opts=pulumi.ResourceOptions(parent=self))
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.s3.BucketPublicAccessBlock(
            f"{name}-access-block",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return bucket

    def _files(
        self,
        name: str,
        folder: Path,
        hosting: Hosting,
        bucket: aws.s3.Bucket,
        config: pulumi.Output[Config],
    ) -> None:
        for file in files.page_files(folder):
            aws.s3.BucketObjectv2(
                f"{name}-{file.key}",
                bucket=bucket.bucket,
                key=file.key,
                source=pulumi.FileAsset(str(file.path)),
                source_hash=hashlib.sha256(file.path.read_bytes()).hexdigest(),
                content_type=file.content_type,
                cache_control=hosting.cache_control,
                opts=pulumi.ResourceOptions(parent=self),
            )
        aws.s3.BucketObjectv2(
            f"{name}-{files.CONFIG_FILE}",
            bucket=bucket.bucket,
            key=files.CONFIG_FILE,
            content=config.apply(Config.rendered),
            content_type=files.CONTENT_TYPES[".json"],
            cache_control=hosting.cache_control,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _header_policies(
        self, name: str, args: DashboardArgs, hosting: Hosting, config: pulumi.Output[Config]
    ) -> Mapping[str, aws.cloudfront.ResponseHeadersPolicy]:
        policy = hosting.content_security_policy
        anybody = args.watch_frame_ancestors or ["*"]
        contents = {
            "app": config.apply(lambda c: policy(connect=c.app_connects_to, ancestors=["'none'"])),
            "watch": config.apply(lambda c: policy(connect=c.watch_connects_to, ancestors=anybody)),
        }
        return {
            page: aws.cloudfront.ResponseHeadersPolicy(
                f"{name}-{page}-headers",
                security_headers_config=_security_headers(hosting, content),
                custom_headers_config={
                    "items": [
                        {"header": header, "value": value, "override": True}
                        for header, value in hosting.other_headers.items()
                    ]
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
            for page, content in contents.items()
        }

    def _distribution(
        self,
        name: str,
        args: DashboardArgs,
        hosting: Hosting,
        bucket: aws.s3.Bucket,
        headers: Mapping[str, aws.cloudfront.ResponseHeadersPolicy],
    ) -> aws.cloudfront.Distribution:
        access = aws.cloudfront.OriginAccessControl(
            f"{name}-access",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=pulumi.ResourceOptions(parent=self),
        )
        rewriting = aws.cloudfront.Function(
            f"{name}-rewriting",
            runtime="cloudfront-js-2.0",
            code=hosting.rewriting_function(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.cloudfront.Distribution(
            f"{name}-distribution",
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=PRICE_CLASS,
            aliases=[args.domain_name] if args.domain_name else None,
            origins=[
                {
                    "origin_id": ORIGIN,
                    "domain_name": bucket.bucket_regional_domain_name,
                    "origin_access_control_id": access.id,
                }
            ],
            default_cache_behavior=_behavior(rewriting, headers["app"]),
            ordered_cache_behaviors=[
                {"path_pattern": hosting.watch_paths, **_behavior(rewriting, headers["watch"])}
            ],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate=_certificate(args),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _config(args: DashboardArgs) -> pulumi.Output[Config]:
    return pulumi.Output.all(
        endpoint=args.endpoint,
        api_url=args.api_url,
        user_pool_client_id=args.user_pool_client_id,
        region=args.region,
    ).apply(
        lambda known: Config(
            **known,
            cognito_endpoint=f"https://cognito-idp.{known['region']}.amazonaws.com/",
            public_url=known["api_url"],
        )
    )


def _security_headers(
    hosting: Hosting, content: pulumi.Output[str]
) -> aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgsDict:
    return {
        "content_security_policy": {"content_security_policy": content, "override": True},
        "content_type_options": {"override": True},
        "referrer_policy": {"referrer_policy": hosting.referrer_policy, "override": True},
        "strict_transport_security": {
            "access_control_max_age_sec": hosting.strict_transport_security_seconds,
            "override": True,
        },
    }


def _behavior(
    rewriting: aws.cloudfront.Function, headers: aws.cloudfront.ResponseHeadersPolicy
) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict:
    """CloudFront chooses the behavior by the path asked for, then the function rewrites it."""
    return {
        "target_origin_id": ORIGIN,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": CACHE_POLICY,
        "compress": True,
        "response_headers_policy_id": headers.id,
        "function_associations": [{"event_type": "viewer-request", "function_arn": rewriting.arn}],
    }


def _certificate(
    args: DashboardArgs,
) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
    if args.certificate_arn is None:
        return {"cloudfront_default_certificate": True}
    return {
        "acm_certificate_arn": args.certificate_arn,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": "TLSv1.2_2021",
    }
