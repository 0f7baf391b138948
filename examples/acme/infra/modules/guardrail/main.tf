variable "name" {
  type = string
}

variable "tags" {
  type    = map(string)
  default = {}
}

resource "aws_bedrock_guardrail" "this" {
  name                      = var.name
  blocked_input_messaging   = "Sorry, I cannot talk about that."
  blocked_outputs_messaging = "Sorry, I cannot talk about that."
  tags                      = var.tags

  sensitive_information_policy_config {
    pii_entities_config {
      type   = "CREDIT_DEBIT_CARD_NUMBER"
      action = "BLOCK"
    }
  }
}

output "id" {
  value = aws_bedrock_guardrail.this.guardrail_id
}
