"""The backend of PropertyPro."""
