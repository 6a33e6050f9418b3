output "name" {
  description = "Name of the sandbox."
  value       = local.is_base ? var.base : terraform.workspace
}

output "url" {
  description = "Address of the environment; empty in the workspace default."
  value       = join("", neev_preview_port.web[*].preview_url)
  sensitive   = true
}
