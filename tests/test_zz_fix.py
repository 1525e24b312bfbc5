def test_a(toy_file): pass
def test_b(toy_model): pass
def test_c(toy_array_file): pass
