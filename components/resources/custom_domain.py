"""A name of one's own for an API: certificate, proof of ownership, domain, mapping, DNS.

A WebSocket API keeps its own address beside it: that is where messages are posted to.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .addresses import check_host, check_hosted_zone
from .arguments import check

PROOF_TTL_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomDomainArgs:
    domain_name: str
    """As in `live.example.com`."""

    hosted_zone_id: pulumi.Input[str]
    """Route 53 zone that holds the name, in this account."""

    api_id: pulumi.Input[str]
    """API that answers there, HTTP or WebSocket."""

    stage_name: pulumi.Input[str]
    """Its stage; the address then has no stage in it."""

    region: str | None = None
    """Region of the API; by default the provider's."""

    def __post_init__(self) -> None:
        check(self)
        check_host("domain_name", self.domain_name)
        check_hosted_zone("hosted_zone_id", self.hosted_zone_id)


class CustomDomain(pulumi.ComponentResource):
    """Makes an API answer under a name of the account's own, by TLS 1.2 or newer."""

    domain_name: pulumi.Output[str]
    """The name, once it is ready to be used."""

    def __init__(
        self, name: str, args: CustomDomainArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("realtime:index:CustomDomain", name, None, opts)
        certificate_arn = self._certificate(name, args)
        domain = aws.apigatewayv2.DomainName(
            f"{name}-domain",
            domain_name=args.domain_name,
            domain_name_configuration={
                "certificate_arn": certificate_arn,
                "endpoint_type": "REGIONAL",
                # By default `ipv4`, with which the AAAA record below would lead to no address.
                # https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-custom-domain-names-ip-address-type.html
                "ip_address_type": "dualstack",
                "security_policy": "TLS_1_2",
            },
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        mapping = aws.apigatewayv2.ApiMapping(
            f"{name}-mapping",
            api_id=args.api_id,
            domain_name=domain.domain_name,
            stage=args.stage_name,
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._addresses(name, args, domain)

        self.domain_name = mapping.domain_name
        self.register_outputs({"domain_name": self.domain_name})

    def _certificate(self, name: str, args: CustomDomainArgs) -> pulumi.Output[str]:
        """ARN of a certificate that is issued: a domain with one that waits is refused."""
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=args.domain_name,
            validation_method="DNS",
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        proof = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-proof",
            zone_id=args.hosted_zone_id,
            name=proof.resource_record_name.apply(_known),
            type=proof.resource_record_type.apply(_known),
            records=[proof.resource_record_value.apply(_known)],
            ttl=PROOF_TTL_SECONDS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.acm.CertificateValidation(
            f"{name}-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            region=args.region,
            opts=pulumi.ResourceOptions(parent=self),
        ).certificate_arn

    def _addresses(
        self, name: str, args: CustomDomainArgs, domain: aws.apigatewayv2.DomainName
    ) -> None:
        target = domain.domain_name_configuration
        for kind in ("A", "AAAA"):
            aws.route53.Record(
                f"{name}-{kind.lower()}",
                zone_id=args.hosted_zone_id,
                name=args.domain_name,
                type=kind,
                aliases=[
                    {
                        "name": target.target_domain_name.apply(_known),
                        "zone_id": target.hosted_zone_id.apply(_known),
                        "evaluate_target_health": False,
                    }
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )


def _known(value: str | None) -> str:
    """Pulumi's types allow none; ACM and API Gateway always answer with one."""
    if value is None:
        raise pulumi.RunError(
            "AWS must answer with the DNS names of the certificate and the domain, and did not."
            " Run pulumi up again."
        )
    return value
