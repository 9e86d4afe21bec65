from typing import Any, cast

import pytest
from pulumi.runtime import mocks

from components.resources.custom_domain import CustomDomain, CustomDomainArgs
from localcloud.runner import run_program
from tests.infra.harness import Cloud, Deployment, Monitor

CERTIFICATE = "aws:acm/certificate:Certificate"
DOMAIN = "aws:apigatewayv2/domainName:DomainName"
PROOF = {
    "domainName": "live.example.com",
    "resourceRecordName": "_x.live.example.com",
    "resourceRecordType": "CNAME",
    "resourceRecordValue": "_y.acm-validations.aws",
}
TARGET = {"targetDomainName": "d-abc.execute-api.eu-west-1.amazonaws.com", "hostedZoneId": "Z2"}


class Issuing(Cloud):
    """Answers with what ACM and API Gateway make up."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        id_, outputs = super().new_resource(args)
        if args.typ == CERTIFICATE:
            outputs |= {"domainValidationOptions": [PROOF]}
        if args.typ == DOMAIN:
            outputs |= {"domainNameConfiguration": outputs["domainNameConfiguration"] | TARGET}
        return id_, outputs


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    deployment = Deployment()
    arguments = CustomDomainArgs(
        domain_name="live.example.com",
        hosted_zone_id="Z1",
        api_id="api",
        stage_name="dev",
        region="eu-west-1",
    )
    run_program(
        lambda: CustomDomain("live", arguments),
        project="realtime",
        stack="dev",
        monitor=Monitor(Issuing(preview=False), deployment),
        config={},
    )
    return deployment


def test_the_certificate_is_proven_before_the_domain_uses_it(deployed: Deployment) -> None:
    proof = deployed.named("live-proof").inputs
    assert (proof["name"], proof["type"]) == (PROOF["resourceRecordName"], "CNAME")
    assert proof["records"] == [PROOF["resourceRecordValue"]]
    assert deployed.named("live-domain").dependencies >= {"live-validation"}
    assert deployed.named("live-validation").dependencies >= {"live-proof", "live-certificate"}


def test_the_api_answers_at_the_root_of_the_domain(deployed: Deployment) -> None:
    mapping = deployed.named("live-mapping").inputs
    assert (mapping["apiId"], mapping["stage"]) == ("api", "dev")
    assert "apiMappingKey" not in mapping


def test_no_tls_older_than_1_2_is_spoken(deployed: Deployment) -> None:
    configuration = deployed.one(DOMAIN).inputs["domainNameConfiguration"]
    assert configuration["securityPolicy"] == "TLS_1_2"


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_the_name_leads_to_the_domain_by_both_internets(deployed: Deployment, kind: str) -> None:
    record = deployed.named(f"live-{kind.lower()}").inputs
    assert (record["name"], record["type"], record["zoneId"]) == ("live.example.com", kind, "Z1")
    (alias,) = cast("list[dict[str, Any]]", record["aliases"])
    assert alias["name"] == TARGET["targetDomainName"]
    assert alias["zoneId"] == TARGET["hostedZoneId"]
    assert deployed.one(DOMAIN).inputs["domainNameConfiguration"]["ipAddressType"] == "dualstack"


@pytest.mark.parametrize("name", ["localhost", "Live.Example.com"])
def test_a_name_that_no_certificate_could_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="domain_name must be a host name like "):
        CustomDomainArgs(domain_name=name, hosted_zone_id="Z1", api_id="a", stage_name="dev")
