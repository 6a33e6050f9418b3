output "ready" {
  description = "Number of sandboxes that are ready."
  value       = neev_sandbox_pool.workers.ready_replicas
}

output "names" {
  description = "Names of the sandboxes."
  value       = neev_sandbox_pool.workers.members[*].name
}
