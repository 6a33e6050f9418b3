run "create" {
  assert {
    condition     = output.status == "running"
    error_message = "The service must be running."
  }

  assert {
    condition     = output.url != ""
    error_message = "The service must have an address."
  }
}
