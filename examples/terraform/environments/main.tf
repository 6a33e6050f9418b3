# An environment for each branch: a fork of one sandbox that everything slow was done in, with the application of the branch.
#
#   terraform init -backend-config=bucket=BUCKET -backend-config=region=REGION
#   terraform apply                     # the workspace default is the sandbox that all begin as
#   terraform workspace new pr-7
#   terraform apply -var revision="$(git rev-parse HEAD)"
#   curl "$(terraform output -raw url)"
#
# When the branch is merged: terraform destroy, terraform workspace select default, terraform workspace delete pr-7. An environment that
# nobody destroys expires by itself.

terraform {
  required_version = ">= 1.11"
  required_providers {
    neev = {
      source = "neevcloud/neev"
    }
  }

  backend "s3" {
    key          = "neev/environments.tfstate"
    use_lockfile = true
  }
}

locals {
  is_base      = terraform.workspace == "default"
  bases        = local.is_base ? 1 : 0
  environments = local.is_base ? 0 : 1
}

resource "neev_sandbox" "base" {
  count                = local.bases
  name                 = var.base
  idle_timeout_seconds = 1800
}

resource "neev_command" "prepare" {
  count      = local.bases
  sandbox_id = neev_sandbox.base[0].id
  create     = ["sh", "-c", "mkdir -p data && date > data/prepared"]
}

data "neev_sandbox" "base" {
  count = local.environments
  name  = var.base
}

resource "neev_sandbox_fork" "environment" {
  count                    = local.environments
  name                     = terraform.workspace
  source_sandbox_id        = data.neev_sandbox.base[0].id
  idle_timeout_seconds     = 1800
  max_lifetime_seconds     = 3 * 86400
  paused_retention_seconds = 14 * 86400
}

resource "neev_file" "server" {
  count       = local.environments
  sandbox_id  = neev_sandbox_fork.environment[0].id
  path        = "app/server.py"
  source_path = "${path.module}/app/server.py"
}

resource "neev_file" "revision" {
  count      = local.environments
  sandbox_id = neev_sandbox_fork.environment[0].id
  path       = "app/revision"
  content    = var.revision
}

resource "neev_process" "server" {
  count      = local.environments
  sandbox_id = neev_sandbox_fork.environment[0].id
  command    = ["python3", "-u", "app/server.py", tostring(var.port)]
  triggers   = [neev_file.server[0].sha256, neev_file.revision[0].sha256]

  readiness = {
    port = var.port
  }
}

resource "neev_preview_port" "web" {
  count      = local.environments
  sandbox_id = neev_sandbox_fork.environment[0].id
  port       = var.port
}
