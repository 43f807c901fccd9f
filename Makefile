demo test lint:
	@echo "to come"
