"""Results and records flow in, Streamlit elements flow out."""
