"""What CloudFormation gets: every template with its SAM transform expanded, and the tree of stacks that they make.

    python tests/template/expand.py [FOLDER]

prints what each stack holds in each partition, and writes the expansions below FOLDER where one is named.
"""

import json
import logging
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import boto3
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# It tells of a feature of its own service that it is without here.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parents[2]
# Another place is read only while templates are being written.
TEMPLATES = Path(os.environ.get("MARKET_TEMPLATES", ROOT))
REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1"}
SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
ACCOUNT = "000000000000"
# The transform wants code to be in a bucket already.
CODE = "s3://bucket-of-code/key"


def paths():
    """Every template by its name: its path below the root without suffix."""
    found = [TEMPLATES / "template.yaml", *sorted((TEMPLATES / "infra").glob("**/*.yaml"))]
    return {str(path.relative_to(TEMPLATES).with_suffix("")): path for path in found}


def source(path):
    return json.loads(json.dumps(yaml_parse(path.read_text())))


@lru_cache
def sources():
    return {name: source(path) for name, path in paths().items()}


def child(path, location):
    """The name of the template that another one nests."""
    return str((path.parent / location).resolve().relative_to(TEMPLATES).with_suffix(""))


def expand(path, region, locate=lambda name: name, code=None):
    """One template, expanded for a region; `locate` says where a nested one is, `code` what replaces the build."""
    template = source(path)
    globals_ = template.get("Globals", {}).get("Function", {})
    if "CodeUri" in globals_:
        globals_["CodeUri"] = CODE
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = locate(child(path, properties["Location"]))
        if resource["Type"] == "AWS::Serverless::Function" and "CodeUri" in properties:
            properties["CodeUri"] = CODE
        include(path, properties)
    if "Transform" in template:
        # No credentials: the transform asks the session for its region only.
        session = boto3.Session("-", "-", region_name=region)
        metrics = Metrics("transform", DummyMetricsPublisher())
        template = Translator({}, Parser(), boto_session=session, metrics=metrics).translate(template, {})
        metrics.publish()
        template.pop("Transform", None)
    for resource in template["Resources"].values():
        if code and resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = code
    return json.loads(json.dumps(template))


def include(path, properties):
    """Puts an included API description in the place of its inclusion, as CloudFormation does."""
    for name in ("Body", "DefinitionBody"):
        transform = properties.get(name, {}).get("Fn::Transform") if isinstance(properties.get(name), dict) else None
        if transform and transform["Name"] == "AWS::Include":
            properties[name] = source(path.parent / transform["Parameters"]["Location"])


@lru_cache
def expanded(partition):
    """The expansions of a partition as text, once: they take seconds."""
    return json.dumps({name: expand(path, REGIONS[partition]) for name, path in paths().items()})


def expansions(partition):
    return json.loads(expanded(partition))


@dataclass
class Resource:
    """A resource with its conditions decided, and everything that is known before it exists put in."""

    id: str
    stack: "Stack"
    type: str
    properties: dict
    attributes: dict

    def __getitem__(self, name):
        return self.properties[name]

    def get(self, name, default=None):
        return self.properties.get(name, default)


NO_VALUE = object()


@dataclass
class Stack:
    """A stack of the tree, with its parameters. What only CloudFormation can know stays a name: `ref:ID` for what a
    resource's Ref gives, `att:ID.NAME` for its attributes; ID is the path of logical names from the root."""

    name: str
    parameters: dict
    templates: dict
    partition: str
    path: str = ""
    _children: dict = field(default_factory=dict)

    @property
    def template(self):
        return self.templates[self.name]

    @cached_property
    def pseudo(self):
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": REGIONS[self.partition],
            "AWS::URLSuffix": SUFFIXES[self.partition],
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": self.path or "market",
            "AWS::StackId": f"ref:{self.path}",
            "AWS::NoValue": NO_VALUE,
        }

    @cached_property
    def values(self):
        declared = self.template.get("Parameters", {})
        unknown = self.parameters.keys() - declared.keys()
        missing = {name for name, about in declared.items() if "Default" not in about} - self.parameters.keys()
        assert not unknown and not missing, f"{self.name}: parameters unknown {unknown}, missing {missing}"
        given = {name: self.parameters.get(name, about.get("Default")) for name, about in declared.items()}
        lists = {name for name, about in declared.items() if about["Type"] == "CommaDelimitedList"}
        return {name: value.split(",") if name in lists else value for name, value in given.items()}

    def id(self, logical):
        return f"{self.path}/{logical}" if self.path else logical

    def holds(self, condition):
        return self.resolve(self.template["Conditions"][condition])

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if function and (name.startswith("Fn::") or name in ("Ref", "Condition")):
                return function(argument)
        pairs = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NO_VALUE}

    def _ref(self, name):
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.values:
            return self.values[name]
        assert name in self.template["Resources"], f"{self.name}: Ref of {name}"
        return f"ref:{self.id(name)}"

    def _getatt(self, of):
        logical, attribute = of.split(".", 1) if isinstance(of, str) else (of[0], ".".join(of[1:]))
        assert logical in self.template["Resources"], f"{self.name}: GetAtt of {logical}"
        if attribute.startswith("Outputs."):
            child = self.child(logical)
            output = attribute.removeprefix("Outputs.")
            assert output in child.template.get("Outputs", {}), f"{child.name} has no output {output}"
            return child.resolve(child.template["Outputs"][output]["Value"])
        return f"att:{self.id(logical)}.{attribute}"

    def _sub(self, of):
        text, local = (of, {}) if isinstance(of, str) else of

        def put(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in local:
                return str(self.resolve(local[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", put, text)

    def _if(self, of):
        return self.resolve(of[1] if self.holds(of[0]) else of[2])

    def _condition(self, name):
        # In a policy it is a key like any other, with a dictionary.
        return self.holds(name) if isinstance(name, str) else {"Condition": self.resolve(name)}

    def _equals(self, of):
        left, right = map(self.resolve, of)
        return str(left) == str(right)

    def _not(self, of):
        return not self.resolve(of[0])

    def _and(self, of):
        return all(map(self.resolve, of))

    def _or(self, of):
        return any(map(self.resolve, of))

    def _join(self, of):
        return of[0].join(str(item) for item in self.resolve(of[1]))

    def _split(self, of):
        return str(self.resolve(of[1])).split(of[0])

    def _findinmap(self, of):
        name, first, second = map(self.resolve, of)
        return self.template["Mappings"][name][str(first)][second]

    def _select(self, of):
        return self.resolve(of[1])[int(of[0])]

    def child(self, logical):
        if logical not in self._children:
            properties = self.template["Resources"][logical]["Properties"]
            self._children[logical] = Stack(
                properties["TemplateURL"],
                self.resolve(properties.get("Parameters", {})),
                self.templates,
                self.partition,
                self.id(logical),
            )
        return self._children[logical]

    @cached_property
    def resources(self):
        made = {}
        for logical, resource in self.template["Resources"].items():
            if "Condition" in resource and not self.holds(resource["Condition"]):
                continue
            attributes = {key: item for key, item in resource.items() if key not in ("Type", "Properties")}
            properties = self.resolve(resource.get("Properties", {}))
            made[logical] = Resource(self.id(logical), self, resource["Type"], properties, attributes)
        return made

    def stacks(self):
        """This stack and all below it."""
        yield self
        for logical, resource in self.resources.items():
            if resource.type == "AWS::CloudFormation::Stack":
                yield from self.child(logical).stacks()

    def all(self, *types):
        """The resources of this stack and all below it, of these types where some are named, by their ids."""
        found = (resource for stack in self.stacks() for resource in stack.resources.values())
        return {resource.id: resource for resource in found if not types or resource.type in types}

    def refusals(self):
        """What the template's rules say against the parameters."""
        for rule in self.template.get("Rules", {}).values():
            if self.resolve(rule.get("RuleCondition", True)):
                for assertion in rule["Assertions"]:
                    if not self.resolve(assertion["Assert"]):
                        yield assertion["AssertDescription"]


def target(value):
    """The id of the resource that a resolved reference means."""
    kind, _, rest = str(value).partition(":")
    return {"ref": rest, "att": rest.rpartition(".")[0]}.get(kind)


def tree(partition, templates=None, **parameters):
    """The whole market as it would be deployed with these parameters."""
    given = {
        # The name of the table that the stack makes.
        "TableName": parameters.get("MarketName", "market"),
        "Architecture": "x86_64",
        "TokenIssuer": "https://issuer.example.com",
        "TokenAudience": "service-market",
        "JwksUrl": "https://issuer.example.com/jwks.json",
        "PaymentKeysSecret": "market/payment-keys",
        "SubjectKeySecret": "market/subject-key",
        "OperatorNameZh": "服务市场示例运营有限公司",
        "OperatorNameEn": "Sample Market Ltd.",
        "OfficialAddress": "notices@market.example.com",
        "EmailFrom": "no-reply@example.com",
        "Deployment": "first",
    }
    if partition == "aws-cn":
        given |= {"EmailBy": "smtp", "SmtpServer": "smtp.example.cn", "SmtpSecret": "market/smtp"}
    return Stack("template", given | parameters, templates or expansions(partition), partition)


def apart(name, partition, templates=None, **parameters):
    """A stack that is deployed apart from the market, by somebody else."""
    given = {"MarketName": "market"} | ({"TableName": "market"} if name == "audit" else {})
    return Stack(f"infra/apart/{name}", given | parameters, templates or expansions(partition), partition)


def main(folder=None):
    for partition in REGIONS:
        templates = expansions(partition)
        market = tree(partition, templates)
        print(f"{partition}\n  {'stack':<24}{'resources':>9}{'outputs':>9}{'bytes':>9}")
        total = 0
        for stack in market.stacks():
            text = json.dumps(stack.template, separators=(",", ":"))
            outputs = len(stack.template.get("Outputs", {}))
            total += len(stack.resources)
            print(f"  {stack.path or 'root':<24}{len(stack.resources):>9}{outputs:>9}{len(text):>9}")
        print(f"  {'all':<24}{total:>9}")
        for name, template in templates.items() if folder else ():
            file = Path(folder) / partition / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(template, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
