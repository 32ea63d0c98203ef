"""What a plain ``locust`` needs to run gonogo's scenarios."""
