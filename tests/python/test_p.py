import tegula
def test_x(): assert tegula._core
