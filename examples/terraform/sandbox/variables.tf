variable "template" {
  description = "Name of the template of the sandbox."
  type        = string
  default     = "ubuntu-26-04-minimal"
}

variable "paused" {
  description = "Whether the sandbox is paused."
  type        = bool
  default     = false
}
