import json
from pathlib import Path
from typing import Any

import pytest

from components.dashboard.files import FOLDER, hosting, page_files
from components.dashboard.hosting import Dashboard, DashboardArgs
from tests.infra.harness import ROOT, Deployment, deploy

ARGUMENTS: dict[str, Any] = {
    "endpoint": "wss://socket.example.com/dev",
    "api_url": "https://api.example.com",
    "user_pool_client_id": "client",
    "region": "eu-west-1",
    "domain_name": "links.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
}
BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"


def dashboard(**changes: Any) -> Deployment:
    return deploy(lambda: Dashboard("page", DashboardArgs(**{**ARGUMENTS, **changes})))


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    return dashboard()


def policy(deployed: Deployment, page: str) -> dict[str, str]:
    headers = deployed.named(f"page-{page}-headers").inputs["securityHeadersConfig"]
    text: str = headers["contentSecurityPolicy"]["contentSecurityPolicy"]
    return {name: value for name, _, value in (part.partition(" ") for part in text.split("; "))}


def test_nobody_reads_the_bucket_but_this_distribution(deployed: Deployment) -> None:
    block = deployed.named("page-access-block").inputs
    assert [value for key, value in block.items() if key != "bucket"] == [True] * 4
    document = json.loads(deployed.named("page-policy").inputs["policy"])
    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:eu-west-1:123456789012:page-bucket/*"],
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Condition": {
                "StringEquals": {
                    "aws:SourceArn": "arn:aws:cloudfront:eu-west-1:123456789012:page-distribution"
                }
            },
        }
    ]
    access = deployed.named("page-access").inputs
    assert (access["signingBehavior"], access["signingProtocol"]) == ("always", "sigv4")
    (origin,) = deployed.one(DISTRIBUTION).inputs["origins"]
    assert origin["originAccessControlId"] == "page-access-id"


def test_each_file_of_the_page_is_uploaded_once_with_its_type_and_its_hash(
    deployed: Deployment,
) -> None:
    uploaded = {each.inputs["key"]: each.inputs for each in deployed.of(OBJECT)}
    assert uploaded.keys() == {*(file.key for file in page_files(FOLDER)), "config.json"}
    assert uploaded["client/index.js"]["contentType"] == "text/javascript; charset=utf-8"
    assert uploaded["index.html"]["contentType"] == "text/html; charset=utf-8"
    hashes = [inputs["sourceHash"] for key, inputs in uploaded.items() if key != "config.json"]
    assert all(len(one) == 64 for one in hashes)


def test_nothing_that_is_not_part_of_the_page_is_uploaded(deployed: Deployment) -> None:
    keys = {each.inputs["key"] for each in deployed.of(OBJECT)}
    assert not [key for key in keys if "test/" in key or key.endswith((".d.ts", ".md"))]
    assert "hosting.json" not in keys
    assert "client/package.json" not in keys


def test_a_changed_file_changes_its_own_object_alone(tmp_path: Path) -> None:
    def hashes() -> dict[str, str]:
        return {
            each.name: each.inputs.get("sourceHash", "")
            for each in dashboard(files_path=str(tmp_path)).of(OBJECT)
        }

    (tmp_path / "hosting.json").write_bytes((FOLDER / "hosting.json").read_bytes())
    (tmp_path / "index.html").write_text("one")
    (tmp_path / "app.js").write_text("one")
    before = hashes()
    (tmp_path / "app.js").write_text("two")
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == {"page-app.js"}


def test_every_copy_is_revalidated_so_that_nothing_needs_invalidation(deployed: Deployment) -> None:
    assert {each.inputs["cacheControl"] for each in deployed.of(OBJECT)} == {"no-cache"}


def test_the_page_is_told_where_the_cloud_is(deployed: Deployment) -> None:
    assert json.loads(deployed.named("page-config.json").inputs["content"]) == {
        "apiUrl": "https://api.example.com",
        "endpoint": "wss://socket.example.com/dev",
        "userPoolClientId": "client",
        "region": "eu-west-1",
        "cognitoEndpoint": "https://cognito-idp.eu-west-1.amazonaws.com/",
        "publicUrl": "https://api.example.com",
    }


def test_the_app_may_speak_to_its_own_cloud_and_nothing_else(deployed: Deployment) -> None:
    app = policy(deployed, "app")
    assert app["default-src"] == "'none'"
    assert app["script-src"] == app["style-src"] == "'self'"
    assert app["connect-src"].split() == [
        "'self'",
        "https://api.example.com/",
        "wss://socket.example.com/dev",
        "https://cognito-idp.eu-west-1.amazonaws.com/",
    ]
    assert app["frame-ancestors"] == "'none'"
    assert not any("unsafe" in value for value in app.values())


def test_a_public_page_may_be_embedded_and_speaks_to_the_socket_and_the_redirect_alone(
    deployed: Deployment,
) -> None:
    watch = policy(deployed, "watch")
    assert watch["connect-src"] == "'self' wss://socket.example.com/dev https://api.example.com/"
    assert watch["frame-ancestors"] == "*"
    narrower = dashboard(watch_frame_ancestors=["https://news.example.com"])
    assert policy(narrower, "watch")["frame-ancestors"] == "https://news.example.com"
    assert policy(narrower, "app")["frame-ancestors"] == "'none'"


def test_public_pages_have_a_behavior_of_their_own(deployed: Deployment) -> None:
    inputs = deployed.one(DISTRIBUTION).inputs
    (watch,) = inputs["orderedCacheBehaviors"]
    app = inputs["defaultCacheBehavior"]
    assert watch["pathPattern"] == "/watch/*"
    assert watch["responseHeadersPolicyId"] == "page-watch-headers-id"
    assert app["responseHeadersPolicyId"] == "page-app-headers-id"
    assert {app["viewerProtocolPolicy"], watch["viewerProtocolPolicy"]} == {"redirect-to-https"}


def test_both_pages_send_every_security_header(deployed: Deployment) -> None:
    for page in ("app", "watch"):
        inputs = deployed.named(f"page-{page}-headers").inputs
        secure = inputs["securityHeadersConfig"]
        assert secure["contentTypeOptions"] == {"override": True}
        assert secure["referrerPolicy"]["referrerPolicy"] == "no-referrer"
        assert secure["strictTransportSecurity"]["accessControlMaxAgeSec"] >= 31_536_000
        others = {item["header"] for item in inputs["customHeadersConfig"]["items"]}
        assert others == {"Cross-Origin-Opener-Policy", "Permissions-Policy"}


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "/index.html"),
        ("/links/launch-week", "/index.html"),
        ("/watch/launch-week", "/watch.html"),
        ("/watch/launch-week/", "/watch.html"),
        ("/watch/a/b", "/index.html"),
        ("/app.js", "/app.js"),
        ("/client/index.js", "/client/index.js"),
        ("/watch/../config.json", "/watch/../config.json"),
    ],
)
def test_a_path_of_the_app_gets_its_page_and_a_file_itself(path: str, file: str) -> None:
    assert hosting(FOLDER).rewritten(path) == file


def test_cloudfronts_function_holds_the_same_rewrites(deployed: Deployment) -> None:
    code: str = deployed.named("page-rewriting").inputs["code"]
    first = code.splitlines()[0]
    rewrites = json.loads(first.removeprefix("var rewrites = ").removesuffix(";"))
    assert [tuple(pair) for pair in rewrites] == list(hosting(FOLDER).rewrites)


def test_a_name_of_its_own_needs_its_certificate() -> None:
    with pytest.raises(ValueError, match="must be given together"):
        dashboard(certificate_arn=None)


def test_its_origin_is_the_name_that_it_was_given(deployed: Deployment) -> None:
    assert deployed.outputs["page"]["url"] == "https://links.example.com"
    assert deployed.one(DISTRIBUTION).inputs["aliases"] == ["links.example.com"]


def test_the_local_server_knows_no_header_of_its_own() -> None:
    source = (ROOT / "cli" / "dashboard_server.py").read_text()
    data = json.loads((FOLDER / "hosting.json").read_text())
    values = [data["referrerPolicy"], *data["otherHeaders"].values()]
    assert not [value for value in values if value in source]
