# A web service in a sandbox: its files, its process and its URL.
#
#   terraform apply
#   curl "$(terraform output -raw url)"
#   terraform apply -var greeting=Hi    # restarts the process with another environment
#
# A changed file in app/ restarts it, too: the digest of the folder is one of its triggers. If it has died, the next apply starts it
# again. On the emulator all sandboxes share the ports of one machine: choose another one with -var port=8090.

terraform {
  required_version = ">= 1.11"
  required_providers {
    neev = {
      source = "neevcloud/neev"
    }
  }
}

resource "neev_sandbox" "box" {
  idle_timeout_seconds = 3600
}

resource "neev_directory" "app" {
  sandbox_id  = neev_sandbox.box.id
  path        = "app"
  source_path = "${path.module}/app"
}

resource "neev_process" "service" {
  sandbox_id = neev_sandbox.box.id
  command    = ["python3", "-u", "app/server.py", tostring(var.port)]
  env        = { GREETING = var.greeting }
  triggers   = [neev_directory.app.sha256]

  readiness = {
    port            = var.port
    timeout_seconds = 60
  }
}

resource "neev_preview_port" "web" {
  sandbox_id        = neev_sandbox.box.id
  port              = var.port
  wait_until_served = true
  depends_on        = [neev_process.service]
}
