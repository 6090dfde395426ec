"""The OpenAPI file of the machines' doors, at /api/schema/, and a page that shows it, at /api/docs/."""
