"""What a resource is: declared once, checked, compared and waited for. Depends on no engine and on no HTTP."""
