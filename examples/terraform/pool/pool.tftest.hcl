run "create" {
  assert {
    condition     = output.ready == 3
    error_message = "Three sandboxes must be ready."
  }
}

run "scale" {
  variables {
    replicas = 4
  }

  assert {
    condition     = length(output.names) == 4
    error_message = "There must be four sandboxes."
  }
}
