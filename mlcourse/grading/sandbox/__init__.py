"""Kernels that can do no harm: isolated, limited, and started in hundredths of a second."""
