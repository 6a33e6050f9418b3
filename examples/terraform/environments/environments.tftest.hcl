run "base" {
  assert {
    condition     = output.name == var.base && output.url == ""
    error_message = "The workspace default must contain the base alone."
  }

  assert {
    condition     = neev_command.prepare[0].exit_code == 0
    error_message = "The base must be prepared."
  }
}
