import json
import runpy
from typing import Any, cast

import pytest
import yaml
from pulumi.runtime import set_all_config
from pydantic import BaseModel

from components.resources.addresses import ORIGIN
from components.stack.setting_errors import nested
from components.stack.settings import Settings, SettingsError, load
from tests.infra.configured import changed, loaded
from tests.infra.harness import ROOT, deploy

KEYS = {f"realtime:{field.alias}" for field in Settings.model_fields.values()}
STACKS = ["dev", "prod"]


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in changed().items() if name != key}


def declared(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load((ROOT / name).read_text())["config"])


@pytest.mark.parametrize("stack", STACKS)
def test_the_stacks_own_configuration_loads(stack: str) -> None:
    assert (loaded(changed(stack), stack).tier == "production") is (stack == "prod")


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "Pulumi.prod.yaml"])
def test_a_stack_sets_every_key(name: str) -> None:
    assert declared(name).keys() == KEYS | {"aws:region", "aws:defaultTags"}


def test_every_resource_is_tagged_with_its_project_stack_and_owner() -> None:
    for stack in STACKS:
        tags = declared(f"Pulumi.{stack}.yaml")["aws:defaultTags"]["tags"]
        assert tags.keys() == {"project", "stack", "owner"}
        assert tags["stack"] == stack


def test_the_project_declares_exactly_the_keys_that_are_read() -> None:
    assert declared("Pulumi.yaml").keys() == KEYS


def test_the_project_declares_the_type_and_meaning_of_each_key() -> None:
    types = {"str": "string", "Literal": "string", "bool": "boolean", "int": "integer"}
    for field in Settings.model_fields.values():
        entry = declared("Pulumi.yaml")[f"realtime:{field.alias}"]
        structured = "object" if nested(field) else "array"
        name = getattr(field.annotation, "__name__", "")
        assert entry["type"] == types.get(name, structured), field.alias
        assert entry["description"] == field.description


def test_the_configuration_of_the_command_line_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(changed(tear="x")))
    with pytest.raises(SettingsError, match="realtime:tear is no setting"):
        loaded({})


def test_an_unknown_key_is_refused_with_the_command_that_removes_it() -> None:
    with pytest.raises(SettingsError, match="realtime:tear is no setting of this project") as e:
        loaded(changed(tear="production"))
    assert "got 'production'. Run: pulumi config rm --stack dev realtime:tear" in str(e.value)


def test_keys_of_others_are_none_of_our_business() -> None:
    assert loaded({**changed(), "aws:skipRegionValidation": "true"}).tier == "development"


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_missing_key_is_refused_with_the_command_that_sets_it(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(without(key))
    sentence = str(refused.value)
    assert sentence.startswith(f"{key} must be set, and is not. Run: pulumi config set --stack dev")
    assert key in sentence.partition("Run: ")[2]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("tier", "prod", "must be 'development' or 'production'"),
        ("allowedOrigins", "https://a.example", "must be an array"),
        ("allowedOrigins", '["https://a.example/path"]', "without a path"),
        ("allowedOrigins", '["https://a.example:443"]', "without the port 443 of https"),
        ("allowedOrigins", '["*"]', "must be origins as browsers send them"),
        ("requireOrigin", "perhaps", "must be a valid boolean"),
        ("logRetentionDays", "8", "must be one of 1, 3, 5, 7"),
        ("logRetentionDays", "a week", "must be a valid integer"),
        ("alarmEmails", '["nobody"]', "must be e-mail addresses"),
        ("tracing", "perhaps", "must be a valid boolean"),
        ("customerKey", "here", "must be an object"),
        ("regions", "eu-west-1", "must be an object"),
        ("regions", "[]", "must be an object"),
        ("regions", "{}", "must name a region"),
    ],
)
def test_a_value_that_cannot_work_is_refused(key: str, value: str, rule: str) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(changed(**{key: value}))
    sentence = str(refused.value)
    assert sentence.startswith(f"realtime:{key} ")
    assert rule in sentence
    assert value.strip('[]"') in sentence
    command = sentence.partition("Run: ")[2]
    assert command.startswith("pulumi config set --stack dev ")
    assert f"realtime:{key}" in command


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("allowedOrigins", "[]", "must name an origin in production"),
        ("allowedOrigins", '["http://a.example"]', "must be origins of https in production"),
        ("logRetentionDays", "14", "must be 30 or more in production"),
    ],
)
def test_production_is_held_to_more(key: str, value: str, rule: str) -> None:
    assert loaded(changed("dev", **{key: value})).tier == "development"
    with pytest.raises(SettingsError, match=rule):
        loaded(changed("prod", **{key: value}), "prod")


@pytest.mark.parametrize("account_id", ["12", 12, "arn:aws:iam::123456789012:root"])
def test_the_account_of_a_key_has_twelve_digits(account_id: str | int) -> None:
    with pytest.raises(SettingsError, match="must be the 12 digits of an account") as refused:
        loaded(changed(customerKey=json.dumps({"accountId": account_id})))
    assert "--path 'realtime:customerKey.accountId' 123456789012" in str(refused.value)


def test_an_account_may_be_a_number_as_the_command_line_stores_it() -> None:
    settings = loaded(changed(customerKey='{"accountId": 123456789012}'))
    assert settings.customer_key.account_id == "123456789012"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(changed("prod", logRetentionDays="7", allowedOrigins="[]", tear="x"), "my.stack")
    sentences = str(refused.value).splitlines()
    assert len(sentences) == 4
    assert "got 'my.stack'" in sentences[0]
    assert "pulumi stack rename my-stack" in sentences[0]


def test_an_array_is_set_by_element() -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(without("realtime:allowedOrigins"))
    assert str(refused.value).endswith(
        "--path 'realtime:allowedOrigins[0]' https://app.example.com"
    )


def test_a_secret_value_is_not_shown() -> None:
    def program() -> None:
        set_all_config(changed(tier="hunter2"), ["realtime:tier"])
        load()

    with pytest.raises(SettingsError, match="got a secret"):
        deploy(program)


def subscribed(secrets: list[str]) -> frozenset[str]:
    """Which of its inputs the state keeps encrypted."""
    config = changed(alarmEmails='["oncall@example.com"]')

    def program() -> None:
        set_all_config(config, secrets)
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    subscription = deploy(program).one("aws:sns/topicSubscription:TopicSubscription")
    assert subscription.inputs["endpoint"] == "oncall@example.com"
    return subscription.secrets


def test_secret_addresses_stay_secret_in_the_state() -> None:
    assert subscribed(["realtime:alarmEmails"]) == {"endpoint"}
    assert subscribed([]) == frozenset()


def proposed(model: type[BaseModel]) -> dict[str, Any]:
    """What refusals propose, for every key."""
    found: dict[str, Any] = {}
    for field in model.model_fields.values():
        inner = nested(field)
        value = proposed(inner) if inner else (field.examples or [None])[0]
        found[str(field.alias)] = yaml.safe_load(value) if isinstance(value, str) else value
    return found


def test_the_proposed_values_are_accepted() -> None:
    values = proposed(Settings)
    values["regions"] = {"eu-west-1": values["regions"]}
    config = {f"realtime:{key}": _text(value) for key, value in values.items()}
    settings = loaded({**config, "aws:region": "eu-west-1"})
    assert all(ORIGIN.fullmatch(origin) for origin in settings.allowed_origins)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
