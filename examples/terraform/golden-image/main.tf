# A golden image: what takes long is done once, and every sandbox from the image begins with it.
#
#   terraform apply
#   terraform apply -var greeting=Hi    # builds the image anew and replaces the sandbox
#
# The steps that have not changed are not run again.

terraform {
  required_version = ">= 1.11"
  required_providers {
    neev = {
      source = "neevcloud/neev"
    }
  }
}

resource "neev_golden_image" "tools" {
  name          = var.name
  history_limit = 1

  steps = [
    {
      path    = "bin/hello"
      content = "#!/bin/sh\necho \"$(cat greeting)\"\n"
      mode    = "0755"
    },
    {
      path    = "greeting"
      content = var.greeting
    },
    {
      run             = ["./bin/hello"]
      timeout_seconds = 60
    },
  ]
}

resource "neev_sandbox" "box" {
  snapshot_id = neev_golden_image.tools.snapshot_id
}

resource "neev_command" "hello" {
  sandbox_id = neev_sandbox.box.id
  create     = ["./bin/hello"]
}
