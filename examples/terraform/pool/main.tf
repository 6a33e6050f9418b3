# A pool: many equal sandboxes as one resource.
#
#   terraform apply
#   terraform apply -var replicas=5     # adds two
#   terraform apply -var image=docker.io/library/python:3.13    # replaces them, one at a time
#
# One resource creates its members at once, whatever -parallelism says, and a refresh reads them together.

terraform {
  required_version = ">= 1.11"
  required_providers {
    neev = {
      source = "neevcloud/neev"
    }
  }
}

resource "neev_sandbox_pool" "workers" {
  name                 = var.name
  replicas             = var.replicas
  image                = var.image
  cpu                  = 1
  idle_timeout_seconds = 900
  max_unavailable      = 1
}
