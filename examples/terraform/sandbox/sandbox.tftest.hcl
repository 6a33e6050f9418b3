run "create" {
  assert {
    condition     = output.phase == "Ready" && output.snapshot == "Ready"
    error_message = "The sandbox and its snapshot must be ready."
  }
}

run "pause" {
  variables {
    paused = true
  }

  assert {
    condition     = output.phase == "Paused"
    error_message = "The sandbox must be paused."
  }
}
