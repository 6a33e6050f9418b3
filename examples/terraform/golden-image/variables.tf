variable "name" {
  description = "Name of the image."
  type        = string
  default     = "tools"
}

variable "greeting" {
  description = "What the image's program prints."
  type        = string
  default     = "Hello"
}
