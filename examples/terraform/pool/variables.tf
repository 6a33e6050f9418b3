variable "name" {
  description = "Name of the pool, and the beginning of its members' names."
  type        = string
  default     = "workers"
}

variable "replicas" {
  description = "Number of sandboxes."
  type        = number
  default     = 3
}

variable "image" {
  description = "Image of the sandboxes."
  type        = string
  default     = "docker.io/library/python:3.12"
}
