# The agent of the claims portal: answers questions about open warranty claims.

locals {
  claims_tags = {
    Owner       = "dana.kim@acme.example"
    Application = "claims-portal"
    Environment = "prod"
  }
}

resource "aws_bedrockagent_agent" "claims" {
  agent_name              = "claims-assistant"
  agent_resource_role_arn = aws_iam_role.claims.arn
  foundation_model        = "anthropic.claude-sonnet-4-5-20250929-v1:0"
  instruction             = file("${path.module}/instructions/claims.txt")
  tags                    = local.claims_tags

  guardrail_configuration {
    guardrail_identifier = module.guardrail.id
    guardrail_version    = "2"
  }
}

resource "aws_bedrockagent_knowledge_base" "handbook" {
  name     = "claims-handbook"
  role_arn = aws_iam_role.claims.arn
  tags     = local.claims_tags

  knowledge_base_configuration {
    type = "VECTOR"
    vector_knowledge_base_configuration {
      embedding_model_arn = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan-embed-text-v2:0"
    }
  }

  storage_configuration {
    type = "OPENSEARCH_SERVERLESS"
  }
}

module "guardrail" {
  source = "../modules/guardrail"
  name   = "claims-guardrail"
  tags   = local.claims_tags
}

resource "aws_iam_role" "claims" {
  name               = "claims-assistant"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
