| Start of the ROM: vectors, header, reset, interrupts.
    .section .vectors,"ax"
    .long   0x00FFFFF0          | stack grows down from the end of work RAM
    .long   _start
    .rept   28
    .long   _fault
    .endr
    .long   _vblank             | 30: level 6, vertical blank
    .rept   33
    .long   _fault
    .endr

    | 0x100: header, read by consoles and emulators
    .ascii  "SEGA MEGA DRIVE "
    .ascii  "(C)QJRK 2026.JAN"
    .ascii  "FERNWAY                                         "
    .ascii  "FERNWAY                                         "
    .ascii  "GM 00000000-00"
    .word   0                   | 0x18E checksum, romtool.py fills it in
    .ascii  "J               "
    .long   0x00000000, 0       | 0x1A0 first and last byte of the ROM, romtool.py fills in the latter
    .long   0x00FF0000, 0x00FFFFFF
    .ascii  "            "
    .ascii  "            "
    .ascii  "FREE GAME, MIT LICENCE                  "
    .ascii  "JUE             "      | all regions: 60 Hz wherever the console has it

    .text
    .globl  _start
_start:
    move.w  #0x2700,%sr
    move.b  0xA10001,%d0        | consoles with a licence check want this greeting
    andi.b  #0x0F,%d0
    beq.s   1f
    move.l  #0x53454741,0xA14000
1:  tst.w   0xC00004            | drop a half-sent video command
    move.w  #0x0100,0xA11100    | the game is silent: take the sound processor's bus and keep it,
    move.w  #0x0100,0xA11200    | which spares emulators from running it
4:  btst    #0,0xA11100
    bne.s   4b
    move.b  #0x2B,0xA04000      | a sixth of the FM synthesis is spared by playing samples, of which there are none
    moveq   #15,%d0
5:  dbra    %d0,5b
    move.b  #0x80,0xA04001
    lea     0x00FF0000,%a0      | clear work RAM
    move.w  #0x3FFF,%d0
    moveq   #0,%d1
2:  move.l  %d1,(%a0)+
    dbra    %d0,2b
    lea     psg(%pc),%a0        | silence the four tone channels
    moveq   #12-1,%d0
6:  move.b  (%a0)+,0xC00011
    dbra    %d0,6b
    lea     0x00FF0000,%a5      | struct Game, see game.h
    jsr     rom_main
psg:                            | volumes off, and the lowest tones: the higher ones cost emulators more, even unheard
    .byte   0x9F, 0xBF, 0xDF, 0xFF, 0x8F, 0x3F, 0xAF, 0x3F, 0xCF, 0x3F, 0xE3, 0xFF
_fault:
    stop    #0x2700
    bra.s   _fault

_vblank:
    addq.w  #1,vblanks
    rte

    | void wait_vblank(void): sleeps until the next vertical blank begins. One that came while the game was still busy
    | does not count.
    .globl  wait_vblank
wait_vblank:
    move.w  #0x2000,%sr         | let a late one in
    nop
    move.w  #0x2700,%sr
    clr.w   vblanks
3:  stop    #0x2000
    tst.w   vblanks
    beq.s   3b
    move.w  #0x2700,%sr
    rts

    | u32 __mulsi3(u32 a, u32 b): gcc calls it for 32-bit products; the 68000 multiplies 16 bits only.
    .globl  __mulsi3
__mulsi3:
    move.w  4(%sp),%d0          | a high * b low
    mulu.w  10(%sp),%d0
    move.w  6(%sp),%d1          | a low * b high
    mulu.w  8(%sp),%d1
    add.w   %d1,%d0
    swap    %d0
    clr.w   %d0
    move.w  6(%sp),%d1          | a low * b low
    mulu.w  10(%sp),%d1
    add.l   %d1,%d0
    rts
