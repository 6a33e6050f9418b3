"""The policy pack: each rule stops an update before anything is made; the number of cores is configured."""

from functools import partial

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules import RULES, Properties, broken, kind_of, too_many

LIMIT = 32


def check_resource(rule: str, args: ResourceValidationArgs, report: ReportViolation) -> None:
    if wrong := broken(rule, args.resource_type, args.props):
        report(f"{kind_of(args.resource_type)} {args.name} {wrong}.")


def check_stack(args: StackValidationArgs, report: ReportViolation) -> None:
    found: list[tuple[str, Properties]] = [
        (kind, resource.props) for resource in args.resources if (kind := kind_of(resource.resource_type))
    ]
    if wrong := too_many(found, args.get_config().get("maximum", LIMIT)):
        report(f"The stack {wrong}.")


PolicyPack(
    name="neev",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(
            ResourceValidationPolicy(rule, (check.__doc__ or "").strip(), partial(check_resource, rule))
            for rule, (_, check) in RULES.items()
        ),
        StackValidationPolicy(
            "stack-is-small",
            (too_many.__doc__ or "").strip(),
            check_stack,
            config_schema=PolicyConfigSchema(properties={"maximum": {"type": "number", "default": LIMIT}}),
        ),
    ],
)
