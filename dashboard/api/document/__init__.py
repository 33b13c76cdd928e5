"""The routes flow in, their OpenAPI document and a page that shows it flow out."""
