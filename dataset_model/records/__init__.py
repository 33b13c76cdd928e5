"""What the exporter has done flows in, the JSON records next to the data flow out; the dashboard reads them back."""
