output "snapshot_id" {
  description = "Snapshot that is the image."
  value       = neev_golden_image.tools.snapshot_id
}

output "greeting" {
  description = "What the program prints in the sandbox."
  value       = trimspace(neev_command.hello.stdout)
}
