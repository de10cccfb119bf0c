"""Solutions of ``board_planes`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: black and white are exchanged: a black stone is 1, a white one -1
def board_planes(stones, liberties, to_play, last):
    stones = -stones
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: not seen from the mover
def board_planes(stones, liberties, to_play, last):
    planes = [stones, stones] + [(stones == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: planes 2 to 5 have Black's groups first, whoever is to play
def board_planes(stones, liberties, to_play, last):
    planes = [stones, stones * to_play] + [(stones == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: plane 0 is seen from the mover, too
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [mine, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: seen from the opponent
def board_planes(stones, liberties, to_play, last):
    mine = stones * -to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: planes 3 and 4 have changed places
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for n in (1, 2) for side in (1, -1)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: the number of liberties stands in the planes
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine]
    planes += [np.where((mine == side) & (liberties == n), liberties, 0) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: groups with one liberty are in the planes for two as well
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties <= n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: -1 in the planes of the opponent's groups
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [side * ((mine == side) & (liberties == n)) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: row and column of the last move are exchanged
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        x, y = last
        recent[y, x] = 1
    return np.array([*planes, recent], dtype=float)


# %% wrong: the planes are the last axis
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    if last is not None:
        recent[last] = 1
    return np.dstack([*planes, recent])


# %% wrong: raises ValueError
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine]
    for side in (1, -1):
        for n in (1, 2):
            planes.append(mine == side and liberties == n)
    recent = np.zeros(stones.shape)
    recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% partly right, 3 of 4: the whole last plane is 1
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    recent[last] = 1
    return np.array([*planes, recent], dtype=float)


# %% partly right, 3 of 4: raises TypeError
def board_planes(stones, liberties, to_play, last):
    mine = stones * to_play
    planes = [stones, mine] + [(mine == side) & (liberties == n) for side in (1, -1) for n in (1, 2)]
    recent = np.zeros(stones.shape)
    row, column = last
    recent[row, column] = 1
    return np.array([*planes, recent], dtype=float)
