run "create" {
  assert {
    condition     = output.greeting == "Hello"
    error_message = "The sandbox must begin with the image's files."
  }
}

run "rebuild" {
  variables {
    greeting = "Hi"
  }

  assert {
    condition     = output.greeting == "Hi"
    error_message = "The sandbox must be one of the new image."
  }
}
