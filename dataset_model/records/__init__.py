"""What the exporter has done flows in, the JSON records beside the data flow out; the dashboard reads them back."""
