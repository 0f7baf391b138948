# Summaries of supplier contracts, a trial of the data office.

resource "azurerm_cognitive_account" "contracts" {
  name                = "acme-contracts"
  location            = "swedencentral"
  resource_group_name = "data-office-trials"
  kind                = "OpenAI"
  sku_name            = "S0"
}

resource "azurerm_cognitive_deployment" "summaries" {
  name                 = "contract-summaries"
  cognitive_account_id = azurerm_cognitive_account.contracts.id

  model {
    format  = "OpenAI"
    name    = "gpt-4o"
    version = "2024-11-20"
  }

  sku {
    name = "GlobalStandard"
  }
}
