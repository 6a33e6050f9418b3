output "url" {
  description = "Address of the service. Whoever knows it can use the service."
  value       = neev_preview_port.web.preview_url
  sensitive   = true
}

output "status" {
  description = "Status of the process."
  value       = neev_process.service.status
}
