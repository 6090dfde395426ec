"""Where a call or an SMS goes, asked of the database: look-up, the pure rules of privacy.routing, and the book."""
