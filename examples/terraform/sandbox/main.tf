# A sandbox from a template, a snapshot of it, and a fork of it.
#
#   terraform init
#   terraform apply
#   terraform apply -var paused=true    # pauses the sandbox; its fork stays ready
#
# The account is that of NEEV_API_KEY, NEEV_ORG_ID and NEEV_PROJECT_ID.

terraform {
  required_version = ">= 1.11"
  required_providers {
    neev = {
      source = "neevcloud/neev"
    }
  }
}

data "neev_sandbox_template" "chosen" {
  name = var.template
}

resource "neev_sandbox" "agent" {
  template_id          = data.neev_sandbox_template.chosen.id
  cpu                  = 1
  memory_gb            = 2
  idle_timeout_seconds = 900
  paused               = var.paused

  egress = {
    mode  = "allow_list"
    allow = [{ host = "pypi.org", ports = [443] }]
  }
}

resource "neev_snapshot" "baseline" {
  sandbox_id = neev_sandbox.agent.id
}

resource "neev_sandbox_fork" "experiment" {
  source_sandbox_id = neev_sandbox.agent.id
  memory_gb         = 4
  depends_on        = [neev_snapshot.baseline]
}
