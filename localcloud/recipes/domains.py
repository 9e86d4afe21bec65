"""Certificates, and the records that prove a domain and lead to it. No name server answers."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .recipe import Accepted, Call, Created, Inputs, Recipe


def _validation(client: Any, certificate: Created) -> Mapping[str, Any]:
    described = client.describe_certificate(CertificateArn=certificate.id)["Certificate"]
    options = [
        {
            "domainName": option["DomainName"],
            "resourceRecordName": option["ResourceRecord"]["Name"],
            "resourceRecordType": option["ResourceRecord"]["Type"],
            "resourceRecordValue": option["ResourceRecord"]["Value"],
        }
        for option in described["DomainValidationOptions"]
    ]
    return {"domainValidationOptions": options, "status": described["Status"]}


def _record_set(inputs: Inputs) -> Inputs:
    """A record is a change of its zone: creation and update put it in place."""
    return _changed(inputs, "UPSERT")


def _changed(inputs: Inputs, action: str) -> Inputs:
    (alias,) = inputs.get("aliases") or [None]
    target = alias and {
        "dnsName": alias["name"],
        "hostedZoneId": alias["zoneId"],
        "evaluateTargetHealth": alias["evaluateTargetHealth"],
    }
    values: list[str] = inputs.get("records") or []
    records = [{"value": value} for value in values]
    record = {
        "name": inputs["name"],
        "type": inputs["type"],
        "ttl": inputs.get("ttl"),
        "resourceRecords": records or None,
        "aliasTarget": target,
    }
    changes = [{"action": action, "resourceRecordSet": record}]
    return {"hostedZoneId": inputs["zoneId"], "changeBatch": {"changes": changes}}


def _taken_away(client: Any, record: Created) -> Mapping[str, Any]:
    """Route 53 deletes a record only when the request has all of it."""
    request = deepcopy(dict(record.request))
    request["ChangeBatch"]["Changes"][0]["Action"] = "DELETE"
    client.change_resource_record_sets(**request)
    return {}


RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:acm/certificate:Certificate": Recipe(
        service="acm",
        operation="RequestCertificate",
        id="{response[CertificateArn]}",
        outputs={"arn": "{response[CertificateArn]}"},
        computed=_validation,
        made_up=frozenset({"domainValidationOptions", "status"}),
        replaces=frozenset(
            {"domainName", "keyAlgorithm", "subjectAlternativeNames", "validationMethod"}
        ),
        kept=frozenset({"keyAlgorithm", "subjectAlternativeNames"}),
        key={"CertificateArn": "{id}"},
        read=Call(operation="DescribeCertificate"),
        found="Certificate",
        delete=Call(operation="DeleteCertificate"),
    ),
    "aws:route53/record:Record": Recipe(
        service="route53",
        operation="ChangeResourceRecordSets",
        id="{request[HostedZoneId]}_{request[ChangeBatch][Changes][0][ResourceRecordSet][Name]}"
        "_{request[ChangeBatch][Changes][0][ResourceRecordSet][Type]}",
        outputs={"fqdn": "{request[ChangeBatch][Changes][0][ResourceRecordSet][Name]}"},
        prepare=_record_set,
        replaces=frozenset({"name", "setIdentifier", "type", "zoneId"}),
        key={"HostedZoneId": "{state[zoneId]}"},
        read=Call(
            operation="ListResourceRecordSets",
            members={
                "StartRecordName": "{state[name]}",
                "StartRecordType": "{state[type]}",
                "MaxItems": "1",
            },
        ),
        found="ResourceRecordSets[?Type=='{state[type]}'] | [0]",
        reads={"records": "ResourceRecords[].Value", "ttl": "TTL"},
        update="ChangeResourceRecordSets",
        delete=_taken_away,
    ),
    "aws:acm/certificateValidation:CertificateValidation": Accepted(
        because="the emulator issues certificates at once: there is nothing to wait for",
        replaces=frozenset({"certificateArn", "validationRecordFqdns"}),
    ),
}
