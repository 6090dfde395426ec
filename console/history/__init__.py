"""What happened: calls, call events, SMS and number status, searched by index and paged by key."""
