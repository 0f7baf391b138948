# Scores claims for fraud; the model is trained elsewhere and only served here.

resource "aws_sagemaker_model" "fraud" {
  name               = "fraud-xgb-2026-07"
  execution_role_arn = aws_iam_role.fraud.arn

  primary_container {
    image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/fraud-xgb:2026-07"
    model_data_url = "s3://acme-models/fraud/2026-07/model.tar.gz"
  }
}

resource "aws_sagemaker_endpoint_configuration" "fraud" {
  name = "fraud-scoring"

  production_variants {
    variant_name           = "main"
    model_name             = aws_sagemaker_model.fraud.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }
}

resource "aws_sagemaker_endpoint" "fraud" {
  name                 = "fraud-scoring"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.fraud.name

  tags = {
    Team        = "risk-analytics"
    Application = "fraud-scoring"
  }
}

resource "aws_iam_role" "fraud" {
  name               = "fraud-scoring"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
