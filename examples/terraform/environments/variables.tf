variable "base" {
  description = "Name of the sandbox that every environment begins as."
  type        = string
  default     = "environments-base"
}

variable "revision" {
  description = "Revision of the application, which it answers with."
  type        = string
  default     = "main"
}

variable "port" {
  description = "Port that the application listens on."
  type        = number
  default     = 8080
}
