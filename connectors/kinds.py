"""The closed list of what aicensus finds: one word for each kind of thing, whoever sells it.

Every reference table and label set uses words of its own; :data:`MAPPING` says which kind each of them
means, and :func:`kind_of` refuses a word that nobody mapped. ``None`` marks rows that are read for
planning, ownership or enrichment and never become an asset.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its public name, what it means, and whether it can be a system on its own.

    A kind that does not ``stands_alone`` (a key, a guardrail, a data set) supports other things; when
    nothing tells which, it is gathered with its like in the account instead of becoming a system.
    """

    name: str
    definition: str
    stands_alone: bool


_ROWS = (
    ("ai_account", "An account or resource at a vendor through which AI services are used.", True),
    ("ai_project", "A container of AI work inside an account: a project or an application space.", True),
    ("ai_service", "An AI service switched on or in use, without a resource of its own.", True),
    ("application", "A ready application whose purpose is AI, built on a vendor's platform.", True),
    ("saas_app", "An AI product used as software as a service through a grant or a sign-on.", True),
    ("subscription", "Seats and whom they are given to, licences, plans or agreements for AI.", False),
    ("agent", "A thing that plans and acts with a model: agent, bot, assistant, copilot.", True),
    ("agent_config", "A file or object that instructs or configures agents and coding assistants.", False),
    ("agent_memory", "A store of what agents remember.", False),
    ("tool", "A capability handed to agents: browser, interpreter, action, skill, plug-in.", False),
    ("mcp_server", "A server or gateway that offers tools to agents by the Model Context Protocol.", True),
    ("workflow", "A flow or pipeline that chains models, prompts, tools or training steps.", True),
    ("prompt", "A prompt kept and versioned as an object of its own.", False),
    ("model", "A model that is owned, tuned, imported or named in use.", False),
    ("model_endpoint", "Something that serves a model on request: deployment, endpoint, profile.", True),
    ("model_server", "A self-hosted server process or image that serves models.", True),
    ("model_file", "A file with model weights.", False),
    ("model_registry", "A place where models, agents or hubs are registered.", False),
    ("gateway", "A gateway or router in front of several models.", True),
    (
        "provider_endpoint",
        "The address of an AI provider, or of a model server of one's own, that code or configuration asks, "
        "fetches weights from or sends traces to.",
        False,
    ),
    ("package", "A software package of an AI provider or framework that code depends on.", False),
    ("knowledge_base", "Documents indexed so that models can answer from them.", False),
    ("vector_store", "A store or index of embeddings.", False),
    ("dataset", "Data kept to train, tune, evaluate or feed AI.", False),
    ("training_job", "A run that trains or tunes a model.", False),
    ("inference_job", "A batch run that applies a model.", False),
    ("evaluation", "A run, suite or job that measures a model or agent.", False),
    ("experiment", "A tracked series of training runs, with its lineage.", False),
    ("mlops_server", "A server that tracks experiments and models.", False),
    ("notebook", "An interactive workbench for models and data.", False),
    ("workspace", "A shared workbench or domain for machine learning or AI teams.", False),
    ("compute", "Accelerated or dedicated compute kept for AI.", False),
    ("container_image", "A container image kept for AI work.", False),
    ("ci_step", "A step of a build pipeline that runs an AI tool or calls a model.", False),
    ("configuration", "A configuration object that AI services run with.", False),
    ("connection", "A link from one platform to an AI provider or data source.", False),
    (
        "api_key",
        "A credential for an AI service, or for one that is sold as an agent's tool (search, browsers, "
        "sandboxes); name and fingerprint only.",
        False,
    ),
    ("identity", "A non-human identity made for AI: agent identity, service account.", False),
    ("guardrail", "A filter or policy that limits what a model or agent may do.", False),
    (
        "oversight_control",
        "A control or record by which people oversee models (approval, monitor, trace), or its being off.",
        False,
    ),
    (
        "data_store",
        "A table, bucket, index, queue or database that the code of an AI system reads or writes.",
        False,
    ),
    ("edge_fleet", "Devices in the field that run models.", True),
)

KINDS: dict[str, Kind] = {name: Kind(name, definition, alone) for name, definition, alone in _ROWS}


def _same(*names: str) -> dict[str, str | None]:
    return {name: name for name in names}


MAPPING: dict[str, dict[str, str | None]] = {
    "aws": _same(
        *("model", "application", "agent", "dataset", "training_job", "guardrail", "knowledge_base"),
        *("evaluation", "tool", "configuration", "workflow", "api_key", "vector_store", "workspace"),
        *("subscription", "prompt", "notebook", "experiment", "agent_memory", "compute"),
        *("mlops_server", "mcp_server", "container_image", "edge_fleet"),
    )
    | {
        "account": None,
        "agent_capability": "tool",
        "agent_identity": "identity",
        "assistant": "agent",
        "batch_inference_job": "inference_job",
        "endpoint": "model_endpoint",
        "endpoint_config": "configuration",
        "inference_profile": "model_endpoint",
        "ingestion_job": "dataset",
        "integration": "connection",
        "lineage": "experiment",
        "oversight_record": "oversight_control",
        "processing_job": "inference_job",
        "registry": "model_registry",
        "registry_record": "oversight_control",
        "repository": "container_image",
        "user": "subscription",
    },
    "azure": _same("ai_account", "ai_project", "guardrail", "model", "training_job", "mcp_server")
    | {
        "scope": None,
        "owner_signal": None,
        "retired": None,
        "workload_candidate": None,
        "agent_deployment": "agent",
        "agent_flow": "workflow",
        "ai_agent": "agent",
        "ai_application": "application",
        "ai_capacity": "compute",
        "ai_compute": "compute",
        "ai_connection": "connection",
        "ai_gateway_backend": "gateway",
        "ai_platform": "application",
        "ai_saas_link": "saas_app",
        "ai_service": "ai_service",
        "ai_tool_runtime": "tool",
        "api|mcp_server": "mcp_server",
        "bot": "agent",
        "control": "oversight_control",
        "marketplace_subscription": "subscription",
        "ml_workspace": "workspace",
        "model_deployment": "model_endpoint",
        "model_deployment|ai_connection|vector_index|tool": "connection",
        "model_endpoint": "model_endpoint",
        "model_registry": "model_registry",
        "model_subscription": "subscription",
        "search_service": "knowledge_base",
        "vector_index": "vector_store",
    },
    "gcp": _same(
        *("api_key", "model_endpoint", "model", "training_job", "inference_job", "notebook", "dataset"),
        *("guardrail", "mcp_server", "ai_service"),
    )
    | {
        "scope": None,
        "owner_signal": None,
        "catalogue": None,
        "relation": None,
        "workload_candidate": None,
        "agent_deployment": "agent",
        "agent_skill": "tool",
        "ai_agent": "agent",
        "ai_application": "application",
        "ai_compute": "compute",
        "ai_connection": "connection",
        "ai_tool": "tool",
        "control": "oversight_control",
        "enabled_api": "ai_service",
        "feature_store": "dataset",
        "finding": "evaluation",
        "prompt_cache": "dataset",
        "rag_store": "knowledge_base",
        "vector_endpoint": "vector_store",
        "vector_index": "vector_store",
    },
    "saas": _same("model_endpoint", "model", "mcp_server", "guardrail", "ai_project")
    | {
        "ai_saas_app": "saas_app",
        "ai_agent": "agent",
        "knowledge_store": "knowledge_base",
        "ai_credential": "api_key",
        "ai_seat_licence": "subscription",
    },
    # An ``iac_ai_resource`` takes the kind of the live resource that it declares (catalogue ``iac``).
    "corpus": {
        "provider_sdk": "package",
        "ai_framework": "package",
        "model_reference": "model",
        "mcp_server": "mcp_server",
        "iac_ai_resource": None,
        "model_server": "model_server",
        "model_file": "model_file",
        "agent_config": "agent_config",
        "api_endpoint": "provider_endpoint",
        "ci_ai_action": "ci_step",
    },
}


def check(kind: str) -> str:
    """Return ``kind`` if it is one of :data:`KINDS`, else raise ``ValueError`` that lists the nearest."""
    if kind in KINDS:
        return kind
    import difflib

    near = difflib.get_close_matches(kind, KINDS, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(sorted(KINDS))}"
    raise ValueError(f"unknown kind {kind!r}; {hint}")


def kind_of(table: str, word: str) -> str | None:
    """Translate a reference table's word into a kind; ``None`` means it is never an asset.

    Raises ``ValueError`` for a table or word that is not mapped.
    """
    try:
        return MAPPING[table][word]
    except KeyError:
        hint = "add it to connectors.kinds.MAPPING"
        raise ValueError(f"{table!r} has no mapping for {word!r}; {hint}") from None
