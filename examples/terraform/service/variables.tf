variable "greeting" {
  description = "What the service answers."
  type        = string
  default     = "Hello"
}

variable "port" {
  description = "Port that the service listens on."
  type        = number
  default     = 8080
}
