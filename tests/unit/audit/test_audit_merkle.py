"""The Merkle log against the values of RFC 6962 and of the Certificate Transparency reference implementation."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.audit.merkle import (
    EMPTY_ROOT,
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# certificate-transparency-go, merkle reference data.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def lines(count):
    return [b'{"sequence":%d}' % number for number in range(count)]


def naive_root(leaves):
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def tree_of(leaves):
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def test_hashes_of_the_reference():
    assert EMPTY_ROOT.hex() == REFERENCE_ROOTS[0]
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference(size):
    assert root_of(REFERENCE_LEAVES[:size]).hex() == REFERENCE_ROOTS[size]
    assert tree_of(REFERENCE_LEAVES[:size]).root().hex() == REFERENCE_ROOTS[size]


@pytest.mark.parametrize("size", [*range(71), 255, 256, 257, 511, 512, 513, 767, 769, 1024, 1025, 1300])
def test_the_incremental_root_is_that_of_the_recursive_tree(size):
    leaves = lines(size)
    tree = tree_of(leaves)
    assert tree.size == size
    assert tree.root() == naive_root(leaves) == root_of(leaves)


@pytest.mark.parametrize("batch", [1, 7, 255, 256, 257, 600, 1300])
def test_batches_give_the_tree_of_their_lines(batch):
    leaves = lines(1300)
    tree = MerkleTree()
    for start in range(0, 1300, batch):
        tree.extend(leaves[start : start + batch])
        assert tree.size == min(start + batch, 1300)
        assert tree.root() == root_of(leaves[: start + batch])


def test_asking_for_the_root_changes_nothing():
    tree = MerkleTree()
    for number, line in enumerate(lines(600), 1):
        tree.append(line)
        assert tree.root() == root_of(lines(number))


def test_proof_shapes_on_seven_leaves():
    """RFC 6962 section 2.1.3, with its own names for the nodes."""
    leaves = lines(7)
    a, b, c, d, e, f, j = (leaf_hash(leaf) for leaf in leaves)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, left = node_hash(g, h), node_hash(i, j)
    # In the RFC: g, h, i are the pairs, k the left four, l the right three, j the last leaf.
    assert inclusion_proof(leaves, 0) == (b, h, left)
    assert inclusion_proof(leaves, 3) == (c, g, left)
    assert inclusion_proof(leaves, 4) == (f, j, k)
    assert inclusion_proof(leaves, 6) == (i, k)
    assert consistency_proof(leaves, 3) == (c, d, g, left)
    assert consistency_proof(leaves, 4) == (left,)
    assert consistency_proof(leaves, 6) == (i, j, k)
    assert consistency_proof(leaves, 7) == ()


def test_every_inclusion_proof_holds_for_its_leaf_and_for_no_other():
    for size in range(1, 18):
        leaves = lines(size)
        root = root_of(leaves)
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            assert [other for other in range(size) if verify_inclusion(leaves[index], other, size, proof, root)] == [index]
            assert [number for number in range(size) if verify_inclusion(leaves[number], index, size, proof, root)] == [index]


def test_every_consistency_proof_holds_for_its_size_and_for_no_other():
    for size in range(1, 18):
        leaves = lines(size)
        roots = [root_of(leaves[:part]) for part in range(size + 1)]
        for first in range(1, size + 1):
            proof = consistency_proof(leaves, first)
            holds = [other for other in range(1, size + 1) if verify_consistency(other, size, roots[other], roots[size], proof)]
            assert holds == [first]


@pytest.mark.parametrize("first", [1, 2, 3, 4, 6, 7])
def test_malformed_consistency_proofs_are_refused(first):
    leaves = lines(8)
    roots = (root_of(leaves[:first]), root_of(leaves))
    proof = consistency_proof(leaves, first)
    assert verify_consistency(first, 8, *roots, proof)
    for wrong in (
        (),
        proof[:-1],
        (*proof, proof[-1]),
        proof[::-1] if proof != proof[::-1] else (b"",),
        (proof[0][:-1], *proof[1:]),
        (proof[0].hex(), *proof[1:]),
        (bytes(32), *proof[1:]),
    ):
        assert not verify_consistency(first, 8, *roots, wrong)
    assert not verify_consistency(first, 8, roots[1], roots[1], proof)
    assert not verify_consistency(first, 8, roots[0], roots[0], proof)
    assert not verify_consistency(9, 8, *roots, proof)


@pytest.mark.parametrize("index", range(7))
def test_malformed_inclusion_proofs_are_refused(index):
    leaves = lines(7)
    root = root_of(leaves)
    proof = inclusion_proof(leaves, index)
    for wrong in ((), proof[:-1], (*proof, proof[-1]), (proof[0][:-1], *proof[1:]), (*proof[:-1], "not bytes"), proof[::-1]):
        assert not verify_inclusion(leaves[index], index, 7, wrong, root)
    assert not verify_inclusion(leaves[index], -1, 7, proof, root)
    assert not verify_inclusion(leaves[index], 7, 7, proof, root)
    assert not verify_inclusion(leaves[index], index, 0, proof, root)
    assert not verify_inclusion(leaves[index], index, 7, proof, bytes(32))


def test_equal_sizes_need_equal_roots_and_no_proof():
    root = root_of(lines(5))
    assert verify_consistency(5, 5, root, root, ())
    assert not verify_consistency(5, 5, root, root_of(lines(6)), ())
    assert not verify_consistency(5, 5, root, root, (root,))


def test_a_consistency_proof_from_size_zero_is_an_error():
    with pytest.raises(ValueError, match="from size 0"):
        consistency_proof(lines(3), 0)
    with pytest.raises(ValueError, match="from size 0"):
        verify_consistency(0, 3, EMPTY_ROOT, root_of(lines(3)), ())
    with pytest.raises(ValueError, match="from size 4"):
        consistency_proof(lines(3), 4)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_proof_of_no_leaf_is_an_error(index):
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion_proof(lines(3), index)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(1, 600), st.data())
def test_proofs_of_larger_logs_hold_and_break_when_a_leaf_is_edited(size, data):
    leaves = lines(size)
    tree = tree_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    root = tree.root()
    assert verify_inclusion(leaves[index], index, size, inclusion_proof(leaves, index), root)
    assert verify_consistency(first, size, root_of(leaves[:first]), root, consistency_proof(leaves, first))
    edited = [*leaves[:index], leaves[index] + b" ", *leaves[index + 1 :]]
    assert not verify_inclusion(edited[index], index, size, inclusion_proof(leaves, index), root)
    assert root_of(edited) != root
    if index < first:
        assert not verify_consistency(first, size, root_of(leaves[:first]), root_of(edited), consistency_proof(edited, first))
