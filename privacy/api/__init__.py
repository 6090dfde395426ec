"""The machines' doors: upstreams deliver, later customers bind and switches ask."""
