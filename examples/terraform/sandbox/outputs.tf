output "name" {
  description = "Name of the sandbox."
  value       = neev_sandbox.agent.name
}

output "phase" {
  description = "Phase of the sandbox: Ready or Paused."
  value       = neev_sandbox.agent.phase
}

output "snapshot" {
  description = "Status of the snapshot."
  value       = neev_snapshot.baseline.status
}

output "fork" {
  description = "Name of the fork."
  value       = neev_sandbox_fork.experiment.name
}
