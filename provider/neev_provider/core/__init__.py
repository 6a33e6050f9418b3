"""What a resource is: declared once, checked, compared and waited for. Knows neither Pulumi's wire nor HTTP."""
