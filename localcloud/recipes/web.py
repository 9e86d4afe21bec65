"""Hosting of web pages: accepted only. On this machine a server of their own serves them."""

from collections.abc import Mapping

from .recipe import Accepted, Name

SERVED_ELSEWHERE = "pages are served by a server of their own on this machine"
CLOUDFRONT = "arn:aws:cloudfront::{account}:"

RECIPES: Mapping[str, Accepted] = {
    "aws:cloudfront/distribution:Distribution": Accepted(
        because=SERVED_ELSEWHERE,
        outputs={
            "arn": CLOUDFRONT + "distribution/{name}",
            "domainName": "{name}.cloudfront.net",
            "hostedZoneId": "Z2FDTNDATAQYW2",  # of every distribution
        },
    ),
    "aws:cloudfront/function:Function": Accepted(
        because=SERVED_ELSEWHERE,
        name=Name(),
        outputs={"arn": CLOUDFRONT + "function/{name}"},
        replaces=frozenset({"name"}),
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Accepted(
        because=SERVED_ELSEWHERE, name=Name()
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Accepted(
        because=SERVED_ELSEWHERE, name=Name()
    ),
    "aws:s3/bucket:Bucket": Accepted(
        because=SERVED_ELSEWHERE,
        name=Name(input="bucket", length=63, lower=True),
        outputs={
            "arn": "arn:aws:s3:::{name}",
            "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com",
        },
        replaces=frozenset({"bucket"}),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Accepted(
        because=SERVED_ELSEWHERE, replaces=frozenset({"bucket", "key"})
    ),
    **{
        f"aws:s3/{type_}": Accepted(because=SERVED_ELSEWHERE, replaces=frozenset({"bucket"}))
        for type_ in (
            "bucketPolicy:BucketPolicy",
            "bucketPublicAccessBlock:BucketPublicAccessBlock",
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        )
    },
}
