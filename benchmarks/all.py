"""Every table of the benchmarks in one run.

python benchmarks/all.py [--quick]
"""

from edit import edit
from edit_sparse import sparse
from engine import engine
from forward import curve, forward
from init import init
from judge import judge
from measured import run
from read import read
from remote import remote
from scale import scale
from start import start

if __name__ == "__main__":
    run(__doc__, start, read, judge, scale, edit, sparse, init, engine, forward, curve, remote)
